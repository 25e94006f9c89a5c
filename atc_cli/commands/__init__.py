"""What each command does: settings and ports in, a result out. Nothing here prints."""
