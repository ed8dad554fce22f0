"""The process that really runs functions, behind the AWS Lambda API."""
