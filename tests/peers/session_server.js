// A small application with sessions, on npm ws: what `record` is tried on.
//   node session_server.js PORT [forget]     prints "listening PORT", then one line for each thing that happens
const http = require("http");
const fs = require("fs");
const path = require("path");
const crypto = require("crypto");
const { WebSocketServer } = require("ws");

const page = fs.readFileSync(path.join(__dirname, "session_page.html"));
const server = http.createServer((request, response) => {
  const where = request.url.split("?")[0];
  if (where === "/done") console.log("done " + request.url.split("?")[1]);
  response.writeHead(where === "/" || where === "/done" ? 200 : 404, { "Content-Type": "text/html" });
  response.end(where === "/" ? page : "");
});
const sessions = new Map();
const answers = {
  hello(socket) {
    const session = crypto.randomBytes(12).toString("hex");
    if (process.argv[3] !== "forget") sessions.set(session, 0);
    socket.send(JSON.stringify({ session, at: Date.now() }));
  },
  resume(socket, message) {
    if (!sessions.has(message.session)) return socket.close(4001, "no such session");
    sessions.set(message.session, sessions.get(message.session) + 1);
    socket.send(JSON.stringify({ resumed: message.session, seq: message.after + 1 }));
  },
  drop(socket) {
    socket.terminate();
  },
};
// Any other path is an echo.
const echo = new WebSocketServer({ noServer: true });
const live = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  const which = request.url.split("?")[0] === "/live" ? live : echo;
  which.handleUpgrade(request, socket, head, (peer) => which.emit("connection", peer));
});
echo.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
live.on("connection", (socket) => {
  console.log("connection");
  socket.on("message", (data, binary) => {
    if (binary) return socket.send(data);
    const message = JSON.parse(data);
    if (message.token !== undefined) console.log("token " + message.token);
    answers[message.op](socket, message);
  });
  socket.on("error", () => {});
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening " + server.address().port));
