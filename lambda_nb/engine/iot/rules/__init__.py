"""Topic rules: the rules engine of AWS IoT."""
