"""Resource types of RDS: records only, as no database runs here."""
