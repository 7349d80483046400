"""`python -m copyist`."""

from copyist.cli.app import main

if __name__ == "__main__":
    main()
