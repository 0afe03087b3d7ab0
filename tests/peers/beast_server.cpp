// Boost.Beast as a testee: echoes on every path, a thread for each connection; no subprotocol.
//   beast_server PORT [CERT KEY]      (wss with a certificate)
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <csignal>
#include <cstdlib>
#include <thread>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;

template <class Stream> static void echo(websocket::stream<Stream>& socket)
{
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    socket.set_option(deflate);
    socket.read_message_max(64u << 20);
    socket.accept();
    for (;;) {
        beast::flat_buffer message;
        socket.read(message);
        socket.text(socket.got_text());
        socket.write(message.data());
    }
}

static void serve(tcp::socket raw, asio::ssl::context* tls)
{
    try {
        raw.set_option(tcp::no_delay(true));
        if (tls != nullptr) {
            websocket::stream<beast::ssl_stream<tcp::socket>> socket{std::move(raw), *tls};
            socket.next_layer().handshake(asio::ssl::stream_base::server);
            echo(socket);
        } else {
            websocket::stream<tcp::socket> socket{std::move(raw)};
            echo(socket);
        }
    } catch (const std::exception&) {
        // a broken peer is the test's business, not a reason to stop
    }
}

int main(int argc, char** argv)
{
    if (argc != 2 && argc != 4)
        return 2;
    std::signal(SIGTERM, [](int) { std::_Exit(0); });
    asio::io_context io;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    if (argc == 4) {
        tls.use_certificate_chain_file(argv[2]);
        tls.use_private_key_file(argv[3], asio::ssl::context::pem);
    }
    const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
    tcp::acceptor acceptor{io, {asio::ip::make_address("127.0.0.1"), port}};
    for (;;) {
        tcp::socket socket{io};
        acceptor.accept(socket);
        std::thread(serve, std::move(socket), argc == 4 ? &tls : nullptr).detach();
    }
}
