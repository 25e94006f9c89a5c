"""Where candles come from: exchanges, folders, the simulated market."""
