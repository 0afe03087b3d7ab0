// Eclipse Jetty 9 as a testee: echoes on every path.
//   java -cp ... JettyServer PORT [CERT KEY]      (wss with a certificate)
import java.io.FileInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.websocket.api.WebSocketAdapter;
import org.eclipse.jetty.websocket.api.WriteCallback;
import org.eclipse.jetty.websocket.server.WebSocketHandler;
import org.eclipse.jetty.websocket.servlet.WebSocketServletFactory;

public class JettyServer {
    private static final int MESSAGE_MAX = 64 << 20;
    private static final WriteCallback NOBODY = new WriteCallback() {
        @Override public void writeFailed(Throwable reason) { } // a broken peer is the test's business
        @Override public void writeSuccess() { }
    };

    public static class Echo extends WebSocketAdapter {
        @Override public void onWebSocketText(String message) {
            if (isConnected())
                getRemote().sendString(message, NOBODY);
        }

        @Override public void onWebSocketBinary(byte[] payload, int offset, int length) {
            if (isConnected())
                getRemote().sendBytes(ByteBuffer.wrap(payload, offset, length), NOBODY);
        }
    }

    /** PEM files as a key store; the key is an EC or RSA key in PKCS #8. */
    private static KeyStore keyStore(String certificateFile, String keyFile) throws Exception {
        String pem = Files.readString(Path.of(keyFile)).replaceAll("-----[^-]*-----|\\s", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem));
        PrivateKey key;
        try {
            key = KeyFactory.getInstance("EC").generatePrivate(spec);
        } catch (java.security.spec.InvalidKeySpecException other) {
            key = KeyFactory.getInstance("RSA").generatePrivate(spec);
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (FileInputStream in = new FileInputStream(certificateFile)) {
            Certificate certificate = CertificateFactory.getInstance("X.509").generateCertificate(in);
            store.setKeyEntry("server", key, new char[0], new Certificate[] {certificate});
        }
        return store;
    }

    private static ServerConnector connector(Server server, String[] arguments) throws Exception {
        if (arguments.length != 3)
            return new ServerConnector(server);
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setKeyStore(keyStore(arguments[1], arguments[2]));
        tls.setKeyStorePassword("");
        tls.setSniRequired(false);
        return new ServerConnector(server, tls);
    }

    public static void main(String[] arguments) throws Exception {
        System.setProperty("org.eclipse.jetty.util.log.class", "org.eclipse.jetty.util.log.StdErrLog");
        System.setProperty("org.eclipse.jetty.LEVEL", "OFF");
        Server server = new Server();
        ServerConnector connector = connector(server, arguments);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        server.addConnector(connector);
        server.setHandler(new WebSocketHandler() {
            @Override public void configure(WebSocketServletFactory factory) {
                factory.getPolicy().setMaxTextMessageSize(MESSAGE_MAX);
                factory.getPolicy().setMaxBinaryMessageSize(MESSAGE_MAX);
                factory.setCreator((request, response) -> {
                    for (String protocol : request.getSubProtocols())
                        if (protocol.equals("chat") || protocol.equals("superchat")) {
                            response.setAcceptedSubProtocol(protocol);
                            break;
                        }
                    return new Echo();
                });
            }
        });
        server.start();
        server.join();
    }
}
