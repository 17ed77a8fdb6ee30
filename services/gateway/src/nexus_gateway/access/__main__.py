"""`python -m nexus_gateway.access create ...`: `nexus-keys`, where no scripts are installed, as in the image."""

from nexus_gateway.access.cli import main

if __name__ == "__main__":
    main()
