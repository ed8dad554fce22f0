"""SNS: publishing, subscriptions, deliveries to every kind of endpoint."""
