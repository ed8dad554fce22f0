"""What Lambda decides and charges: pure rules that are told the time and answer with decisions."""
