"""The scan replayed, and what following it would have earned: signals, figures, and checks against self-deception."""
