"""To be imported before everything else by what is a process: `serve` ends what this begins.

Imports make hundreds of thousands of objects that stay: to look for garbage among them is a sixth of a start.
"""

import gc

gc.disable()
