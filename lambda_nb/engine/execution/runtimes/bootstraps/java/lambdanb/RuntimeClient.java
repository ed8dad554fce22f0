package lambdanb;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** One keep-alive connection to the Runtime API; a plain socket, for java.net.http costs 350 ms to load. */
final class RuntimeClient {
    static final class Reply {
        final Map<String, String> headers = new HashMap<>();
        byte[] body = new byte[0];

        String header(String name) {
            return headers.get("lambda-runtime-" + name);
        }
    }

    private final InputStream in;
    private final OutputStream out;

    RuntimeClient(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        Socket socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream(), 65536);
        out = socket.getOutputStream();
    }

    Reply call(String method, String path, byte[] body, String errorType) throws IOException {
        StringBuilder head = new StringBuilder(method + " /2018-06-01/runtime" + path + " HTTP/1.1\r\nHost: runtime\r\n");
        if (errorType != null) {
            head.append("Lambda-Runtime-Function-Error-Type: ").append(errorType).append("\r\n");
        }
        if (body != null) {
            head.append("Content-Type: application/json\r\nContent-Length: ").append(body.length).append("\r\n");
        }
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        if (body != null) {
            message.write(body);
        }
        message.writeTo(out);
        out.flush();
        Reply reply = new Reply();
        line();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(": ");
            reply.headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
        }
        reply.body = in.readNBytes(Integer.parseInt(reply.headers.getOrDefault("content-length", "0")));
        return reply;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int sign = in.read(); sign != '\n'; sign = in.read()) {
            if (sign < 0) {
                throw new EOFException("the Runtime API went away");
            }
            if (sign != '\r') {
                line.append((char) sign);
            }
        }
        return line.toString();
    }
}
