"""What an update is going to do: pure rules, the same for a deployment and for a change set."""
