"""AWS IoT: the broker that devices connect to, topic rules, shadows and jobs."""
