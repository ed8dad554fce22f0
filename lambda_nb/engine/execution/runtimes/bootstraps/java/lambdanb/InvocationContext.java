package lambdanb;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The context of one invocation, from the Runtime API's headers and the environment. */
final class InvocationContext implements Context, LambdaLogger {
    private final RuntimeClient.Reply next;

    InvocationContext(RuntimeClient.Reply next) {
        this.next = next;
    }

    @Override
    public String getAwsRequestId() {
        return next.header("aws-request-id");
    }

    @Override
    public String getLogGroupName() {
        return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
    }

    @Override
    public String getLogStreamName() {
        return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
    }

    @Override
    public String getFunctionName() {
        return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
    }

    @Override
    public String getFunctionVersion() {
        return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
    }

    @Override
    public String getInvokedFunctionArn() {
        return next.header("invoked-function-arn");
    }

    @Override
    public String getTenantId() {
        return next.header("aws-tenant-id");
    }

    @Override
    public int getRemainingTimeInMillis() {
        return (int) Math.max(0, Long.parseLong(next.header("deadline-ms")) - System.currentTimeMillis());
    }

    @Override
    public int getMemoryLimitInMB() {
        return Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
    }

    @Override
    public LambdaLogger getLogger() {
        return this;
    }

    @Override
    public void log(String message) {
        log(message.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void log(byte[] message) {
        System.out.write(message, 0, message.length);
        System.out.write('\n');
        System.out.flush();
    }

    private Map<?, ?> parsed(String header) {
        String text = next.header(header);
        return text == null ? null : (Map<?, ?>) Json.parse(text);
    }

    @Override
    public CognitoIdentity getIdentity() {
        Map<?, ?> found = parsed("cognito-identity");
        return new CognitoIdentity() {
            @Override
            public String getIdentityId() {
                return text(found, "cognitoIdentityId");
            }

            @Override
            public String getIdentityPoolId() {
                return text(found, "cognitoIdentityPoolId");
            }
        };
    }

    @Override
    public ClientContext getClientContext() {
        Map<?, ?> found = parsed("client-context");
        return found == null ? null : new ClientContext() {
            @Override
            public Client getClient() {
                return client((Map<?, ?>) found.get("client"));
            }

            @Override
            public Map<String, String> getCustom() {
                return strings(found.get("custom"));
            }

            @Override
            public Map<String, String> getEnvironment() {
                return strings(found.get("env"));
            }
        };
    }

    @SuppressWarnings("unchecked")
    private static Map<String, String> strings(Object map) {
        return (Map<String, String>) map;
    }

    private static String text(Map<?, ?> map, String name) {
        return map == null || map.get(name) == null ? "" : map.get(name).toString();
    }

    private static Client client(Map<?, ?> found) {
        return new Client() {
            @Override
            public String getInstallationId() {
                return text(found, "installation_id");
            }

            @Override
            public String getAppTitle() {
                return text(found, "app_title");
            }

            @Override
            public String getAppVersionName() {
                return text(found, "app_version_name");
            }

            @Override
            public String getAppVersionCode() {
                return text(found, "app_version_code");
            }

            @Override
            public String getAppPackageName() {
                return text(found, "app_package_name");
            }
        };
    }
}
