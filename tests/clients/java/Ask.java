// Asks for an address by both clients of the JDK, with the proxy's password from the properties that name the proxy.
import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import javax.net.ssl.HttpsURLConnection;

class Ask {
    public static void main(String[] arguments) throws Exception {
        Authenticator login = new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                if (getRequestorType() != RequestorType.PROXY) return null;
                String password = System.getProperty("https.proxyPassword");
                return new PasswordAuthentication(System.getProperty("https.proxyUser"), password.toCharArray());
            }
        };
        Authenticator.setDefault(login);
        HttpsURLConnection connection = (HttpsURLConnection) new URL(arguments[0]).openConnection();
        System.out.println(connection.getResponseCode());
        HttpClient client = HttpClient.newBuilder().authenticator(login).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0])).build();
        System.out.println(client.send(request, BodyHandlers.ofString()).statusCode());
    }
}
