"""`python -m atc_cli`."""

from atc_cli.app import main

if __name__ == "__main__":
    main()
