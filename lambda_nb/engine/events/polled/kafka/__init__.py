"""Topics of Apache Kafka as event sources: ``cluster`` connects, ``poller`` reads and commits."""
