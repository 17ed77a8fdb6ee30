"""What an agent in its sandbox reaches of the world: its model and its hosts, through one Unix socket."""
