package com.amazonaws.services.lambda.runtime;

/** A handler from an object to an object, both carried as JSON. */
public interface RequestHandler<I, O> {
    O handleRequest(I input, Context context);
}
