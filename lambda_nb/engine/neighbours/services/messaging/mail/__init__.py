"""SES: mail that is sent is kept; mail to an address with a receipt rule is received."""
