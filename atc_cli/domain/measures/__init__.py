"""The figures of a scan row: `table` names them all, the other modules compute them."""
