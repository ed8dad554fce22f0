"""What a simulation answers: tables, money, pictures."""
