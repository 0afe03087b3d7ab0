// gorilla/websocket as a testee: echoes on every path.
//
//	gorilla_server PORT [CERT KEY]      (wss with a certificate)
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	EnableCompression: true,
	Subprotocols:      []string{"chat", "superchat"},
	CheckOrigin:       func(*http.Request) bool { return true },
}

// What its own documentation leaves to the application: whether text is UTF-8, and the Close that says it is not.
func echo(response http.ResponseWriter, request *http.Request) {
	connection, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.TextMessage && !utf8.Valid(message) {
			reason := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
			connection.WriteControl(websocket.CloseMessage, reason, time.Now().Add(time.Second))
			return
		}
		if connection.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func main() {
	if len(os.Args) != 2 && len(os.Args) != 4 {
		os.Exit(2)
	}
	// a broken peer is the test's business, not worth a line
	server := &http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: http.HandlerFunc(echo), ErrorLog: log.New(io.Discard, "", 0)}
	if len(os.Args) == 4 {
		log.Fatal(server.ListenAndServeTLS(os.Args[2], os.Args[3]))
	}
	log.Fatal(server.ListenAndServe())
}
