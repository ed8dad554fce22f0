"""AWS's query protocol: a form in, XML out, as the model of the service describes them."""
