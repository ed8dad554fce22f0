"""AWS IoT Jobs: both planes over one store of jobs and their executions."""
