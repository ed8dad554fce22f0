"""What every part of ``apigateway`` works with: records, errors, pages of lists, patches."""
