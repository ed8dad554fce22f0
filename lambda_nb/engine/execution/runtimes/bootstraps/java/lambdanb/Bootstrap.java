package lambdanb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Java runtime: loads the handler, then asks the Runtime API for one event after another. */
public final class Bootstrap {
    private Bootstrap() {}

    private static Map<String, Object> told(Throwable error) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("errorMessage", error.getMessage() == null ? error.toString() : error.getMessage());
        body.put("errorType", type(error));
        List<String> trace = new ArrayList<>();
        for (StackTraceElement frame : error.getStackTrace()) {
            // Reflection and our own frames below the handler are nobody's business.
            boolean ours = frame.getClassName().startsWith("lambdanb.");
            if (ours || frame.getClassName().startsWith("jdk.internal.reflect.")) {
                break;
            }
            trace.add(frame.toString());
        }
        body.put("stackTrace", trace);
        if (error.getCause() != null && error.getCause() != error) {
            body.put("cause", told(error.getCause()));
        }
        return body;
    }

    private static String type(Throwable error) {
        if (error instanceof Invoker.LoadException) {
            return ((Invoker.LoadException) error).type;
        }
        return error.getClass().getName();
    }

    private static void fail(RuntimeClient client, String path, Throwable error) throws IOException {
        Map<String, Object> body = told(error);
        StringBuilder line = new StringBuilder(body.get("errorMessage") + ": " + body.get("errorType"));
        for (Object frame : (List<?>) body.get("stackTrace")) {
            line.append("\r\tat ").append(frame);
        }
        System.out.println(line);
        client.call("POST", path, Json.write(body).getBytes(StandardCharsets.UTF_8), type(error));
    }

    private static Invoker loaded(RuntimeClient client) throws IOException {
        String handler = System.getenv("_HANDLER");
        try {
            return Invoker.load(handler);
        } catch (ClassNotFoundException e) {
            fail(client, "/init/error", new Invoker.LoadException("Runtime.ImportModuleError", "Class not found: " + e.getMessage()));
        } catch (Throwable e) {
            fail(client, "/init/error", e);
        }
        System.exit(1);
        return null;
    }

    public static void main(String[] args) throws IOException {
        RuntimeClient client = new RuntimeClient(System.getenv("AWS_LAMBDA_RUNTIME_API"));
        Invoker handler = loaded(client);
        while (true) {
            RuntimeClient.Reply next = client.call("GET", "/invocation/next", null, null);
            String path = "/invocation/" + next.header("aws-request-id");
            String traced = next.header("trace-id");
            if (traced != null) {
                System.setProperty("com.amazonaws.xray.traceHeader", traced);
            }
            byte[] result;
            try {
                result = handler.invoke(next.body, new InvocationContext(next));
            } catch (Throwable e) {
                fail(client, path + "/error", e);
                if (e instanceof VirtualMachineError) {
                    System.exit(1);
                }
                continue;
            }
            System.out.flush();
            client.call("POST", path + "/response", result, null);
        }
    }
}
