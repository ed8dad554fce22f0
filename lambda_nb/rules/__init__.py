"""What Lambda decides and charges: pure functions and objects, told the time, answering with decisions."""
