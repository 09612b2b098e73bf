"""Risk across assets: what to close of accounts that hold several coins against one equity."""
