"use strict";

const byId = (id) => document.getElementById(id);
const log = byId("log");
const MOST = 500; // lines that are kept
let socket = null;
let me = "";

/** Adds a line. What people wrote is only ever text: nothing of it becomes part of the page. */
function add(kind, text, from) {
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const line = document.createElement("li");
  line.className = kind;
  if (from !== undefined) {
    const name = document.createElement("b");
    name.textContent = from;
    line.append(name);
  }
  line.append(document.createTextNode(text));
  log.append(line);
  while (log.childElementCount > MOST) log.firstElementChild.remove();
  if (wasAtEnd) log.scrollTop = log.scrollHeight;
}

function show(event) {
  const { kind, from, text, here } = JSON.parse(event.data);
  if (byId("say").hidden) {
    log.replaceChildren(); // the room repeats what was said last
    enter(true);
  }
  if (kind === "said") {
    add(from === me ? "said mine" : "said", text, from);
  } else {
    add("note", `${from} ${text}`);
  }
  if (here !== undefined) byId("status").textContent = `You are ${me}. Here now: ${here}.`;
}

/** Which of the two forms is there. */
function enter(isIn) {
  byId("join").hidden = isIn;
  byId("say").hidden = !isIn;
  byId(isIn ? "text" : "name").focus();
}

byId("join").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket) return;
  me = byId("name").value.trim();
  byId("status").textContent = "Joining";
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/room`);
  socket.addEventListener("open", () => socket.send(me)); // the first message is the name
  socket.addEventListener("message", show);
  socket.addEventListener("close", ({ reason }) => {
    socket = null;
    byId("status").textContent = `You are not in the room: ${reason || "the connection is gone"}.`;
    enter(false);
  });
});

byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("text");
  if (socket?.readyState !== WebSocket.OPEN || !text.value.trim()) return;
  socket.send(text.value);
  text.value = "";
});
