"""Services that moto lacks, or in which it differs from AWS."""
