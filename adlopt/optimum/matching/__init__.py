"""Winners' positions against what losers shed, coin by coin."""
