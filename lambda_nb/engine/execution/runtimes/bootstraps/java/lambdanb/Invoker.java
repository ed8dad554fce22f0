package lambdanb;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;

/** The handler that `package.Class` or `package.Class::method` names, from bytes to bytes. */
final class Invoker {
    private final Object target;
    private final Method method;

    private Invoker(Object target, Method method) {
        this.target = target;
        this.method = method;
    }

    static Invoker load(String written) throws Throwable {
        String[] names = written.split("::", 2);
        Class<?> type = Class.forName(names[0], true, Invoker.class.getClassLoader());
        boolean typed = RequestHandler.class.isAssignableFrom(type) || RequestStreamHandler.class.isAssignableFrom(type);
        if (names.length == 1 && !typed) {
            throw new LoadException("Runtime.MalformedHandlerName",
                    "Class " + names[0] + " does not implement an appropriate handler interface");
        }
        String name = names.length == 2 ? names[1] : "handleRequest";
        Method method = find(type, name);
        if (method == null) {
            throw new LoadException("Runtime.HandlerNotFound",
                    "No public method named " + name + " with appropriate method signature found on class " + names[0]);
        }
        method.setAccessible(true);
        try {
            Object target = Modifier.isStatic(method.getModifiers()) ? null : constructed(type);
            return new Invoker(target, method);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static Object constructed(Class<?> type) throws ReflectiveOperationException {
        var constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        return constructor.newInstance();
    }

    // The one with the most parameters wins, as on AWS; bridges made for generics do not count.
    private static Method find(Class<?> type, String name) {
        Method best = null;
        for (Method method : type.getMethods()) {
            boolean fits = method.getName().equals(name) && !method.isBridge() && method.getParameterCount() <= 3;
            if (fits && (best == null || method.getParameterCount() > best.getParameterCount())) {
                best = method;
            }
        }
        return best;
    }

    byte[] invoke(byte[] event, Context context) throws Throwable {
        Class<?>[] types = method.getParameterTypes();
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        Object[] values = new Object[types.length];
        boolean streams = false;
        for (int i = 0; i < types.length; i++) {
            if (types[i] == Context.class) {
                values[i] = context;
            } else if (types[i] == InputStream.class) {
                values[i] = new ByteArrayInputStream(event);
            } else if (types[i] == OutputStream.class) {
                values[i] = written;
                streams = true;
            } else {
                values[i] = read(event, method.getGenericParameterTypes()[i]);
            }
        }
        Object result;
        try {
            result = method.invoke(target, values);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        return streams ? written.toByteArray() : Json.write(result).getBytes(StandardCharsets.UTF_8);
    }

    private static Object read(byte[] event, Type type) {
        try {
            return Binder.bind(Json.parse(new String(event, StandardCharsets.UTF_8)), type);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            throw new RuntimeException("An error occurred during JSON parsing: " + e.getMessage(), e);
        }
    }

    /** A handler that cannot be had; its type is Lambda's name for the trouble. */
    static final class LoadException extends Exception {
        private static final long serialVersionUID = 1;

        final String type;

        LoadException(String type, String message) {
            super(message);
            this.type = type;
        }
    }
}
