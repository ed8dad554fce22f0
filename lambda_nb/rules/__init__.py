"""What Lambda decides and charges: pure rules, which get the time as an argument."""
