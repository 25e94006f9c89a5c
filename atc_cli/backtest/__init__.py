"""What following the signals would have earned: replay, fills, figures. Candles come in, nothing is fetched here."""
