// Apache Tomcat 10, embedded, as a testee: echoes on every path.
//   java -cp ... TomcatServer PORT [CERT KEY]      (wss with a certificate)
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.logging.LogManager;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.websocket.server.WsSci;

public class TomcatServer {
    private static final int MESSAGE_MAX = 64 << 20;
    private static final int DEPTH = 3; // parts of the longest path

    /** Messages come in parts: whole ones would have Tomcat set aside room for the largest, for each connection. */
    public static class Echo extends Endpoint {
        private final StringBuilder text = new StringBuilder();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override public void onOpen(Session session, EndpointConfig configuration) {
            session.addMessageHandler(String.class, (MessageHandler.Partial<String>) (part, last) -> {
                text.append(part);
                if (fits(session, text.length()) && last) {
                    send(() -> session.getBasicRemote().sendText(text.toString()));
                    text.setLength(0);
                }
            });
            session.addMessageHandler(byte[].class, (MessageHandler.Partial<byte[]>) (part, last) -> {
                bytes.writeBytes(part);
                if (fits(session, bytes.size()) && last) {
                    send(() -> session.getBasicRemote().sendBinary(ByteBuffer.wrap(bytes.toByteArray())));
                    bytes.reset();
                }
            });
        }

        private static boolean fits(Session session, int size) {
            if (size > MESSAGE_MAX)
                send(() -> session.close(new CloseReason(CloseReason.CloseCodes.TOO_BIG, "")));
            return size <= MESSAGE_MAX;
        }

        private interface Sending {
            void run() throws IOException;
        }

        private static void send(Sending sending) {
            try {
                sending.run();
            } catch (IOException | IllegalStateException broken) {
                // a broken peer is the test's business
            }
        }

        @Override public void onError(Session session, Throwable reason) { }
    }

    private static Connector connector(String[] arguments) {
        Connector connector = new Connector();
        connector.setPort(Integer.parseInt(arguments[0]));
        connector.setProperty("address", "127.0.0.1");
        if (arguments.length == 3) {
            SSLHostConfig host = new SSLHostConfig();
            SSLHostConfigCertificate files = new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.UNDEFINED);
            files.setCertificateFile(arguments[1]);
            files.setCertificateKeyFile(arguments[2]);
            host.addCertificate(files);
            connector.addSslHostConfig(host);
            connector.setSecure(true);
            connector.setScheme("https");
            connector.setProperty("SSLEnabled", "true");
        }
        return connector;
    }

    public static void main(String[] arguments) throws Exception {
        LogManager.getLogManager().reset();
        File base = Files.createTempDirectory("tomcat").toFile();
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(base.getPath());
        tomcat.setConnector(connector(arguments));
        Context context = tomcat.addContext("", base.getPath());
        context.addServletContainerInitializer(new WsSci(), null);
        context.addServletContainerInitializer((classes, servlets) -> {
            servlets.addServlet("nothing else", new HttpServlet() {
                @Override protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                    response.sendError(HttpServletResponse.SC_NOT_FOUND);
                }
            }).addMapping("/");
            ServerContainer container = (ServerContainer) servlets.getAttribute(ServerContainer.class.getName());
            try {
                StringBuilder path = new StringBuilder("/");
                for (int depth = 0; depth <= DEPTH; depth++) {
                    container.addEndpoint(ServerEndpointConfig.Builder.create(Echo.class, path.toString())
                        .subprotocols(List.of("chat", "superchat")).build());
                    path.append(depth == 0 ? "" : "/").append("{part").append(depth).append('}');
                }
            } catch (jakarta.websocket.DeploymentException wrong) {
                throw new IllegalStateException(wrong);
            }
        }, null);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(base)));
        tomcat.start();
        tomcat.getServer().await();
    }

    private static void delete(File file) {
        File[] inside = file.listFiles();
        for (File one : inside == null ? new File[0] : inside)
            delete(one);
        file.delete();
    }
}
