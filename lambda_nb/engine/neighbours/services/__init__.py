"""Services that moto lacks, or that it answers differently from AWS."""
