// Streams, events, and what is captured of them.

namespace {

// One step of a graph, after others that are before it in the graph.
struct Step {
  std::shared_ptr<std::function<Status()>> run;
  std::set<size_t> after;
};

struct Graph {
  std::vector<Step> steps;
};

struct Stream;

struct Capture {
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  Stream* origin = nullptr;
  std::thread::id thread;
  int mode = 0;
  bool isInvalid = false;
  bool isOver = false;
  std::set<Stream*> streams;
};

using CapturePointer = std::shared_ptr<Capture>;

struct Stream {
  Context* context;
  WorkPointer last;
  CapturePointer capture;
  // the steps that the next one comes after
  std::set<size_t> steps;
};

struct Event {
  Context* context;
  // what it was recorded behind; none if nothing is left to wait for
  WorkPointer work;
  CapturePointer capture;
  std::set<size_t> steps;
};

std::set<Stream*> streams;
std::set<Event*> events;
std::vector<CapturePointer> captures;

enum Mode { GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2 };

template <typename T>
Status require(const std::set<T*>& alive, T* handle, const char* kind) {
  if (alive.count(handle) == 0) return refuse(INVALID_HANDLE, "%s is no %s", handle ? "what was freed" : "0", kind);
  if (handle->context != current) return refuse(INVALID_HANDLE, "%s of another context", kind);
  return SUCCESS;
}

Status spoil(const CapturePointer& capture, Status status, const char* what) {
  capture->isInvalid = true;
  return refuse(status, "%s while a stream is captured", what);
}

// Calls that may wait, or do what a graph cannot hold: not by a thread that captures, nor by any where a capture is of
// all threads.
Status requireNoCapture(const char* function) {
  for (CapturePointer& capture : captures) {
    bool isOurs = capture->mode == THREAD_LOCAL && capture->thread == std::this_thread::get_id();
    if (isOurs || capture->mode == GLOBAL) {
      return spoil(capture, CAPTURE_UNSUPPORTED, function);
    }
  }
  return SUCCESS;
}

// Has a stream do something after all that it has to do.
Status enqueue(Stream* stream, std::function<Status()> run) {
  if (CapturePointer capture = stream->capture) {
    if (capture->isInvalid) return refuse(CAPTURE_INVALIDATED, "work in a capture that has failed");
    size_t id = capture->graph->steps.size();
    capture->graph->steps.push_back({std::make_shared<std::function<Status()>>(std::move(run)), stream->steps});
    stream->steps = {id};
    return SUCCESS;
  }
  stream->last = start(stream->context, std::move(run), {stream->last});
  return SUCCESS;
}

// after waiting: what the context has come to
Status outcome() {
  forgetDone();
  return current->broken;
}

}  // namespace

EXPORTED int cuStreamCreate(Stream** made, unsigned flags) {
  CALL("cuStreamCreate");
  if (flags > 1) return refuse(INVALID_VALUE, "flags=%u of a stream", flags);
  *made = *streams.insert(new Stream{current, nullptr, nullptr, {}}).first;
  count("streams", 1);
  return SUCCESS;
}

// What it has to do is done nevertheless.
EXPORTED int cuStreamDestroy_v2(Stream* stream) {
  CALL("cuStreamDestroy");
  if (Status status = require(streams, stream, "stream")) return status;
  if (stream->capture) {
    stream->capture->streams.erase(stream);
    spoil(stream->capture, CAPTURE_UNSUPPORTED, "cuStreamDestroy");
  }
  streams.erase(stream);
  delete stream;
  count("streams", -1);
  return SUCCESS;
}

EXPORTED int cuStreamSynchronize(Stream* stream) {
  CALL("cuStreamSynchronize");
  if (Status status = require(streams, stream, "stream")) return status;
  if (stream->capture) return spoil(stream->capture, CAPTURE_UNSUPPORTED, "cuStreamSynchronize");
  if (Status status = requireNoCapture("cuStreamSynchronize")) return status;
  if (stream->last) await(stream->last);
  stream->last = nullptr;
  return outcome();
}

// What is not done yet is done by the next time.
EXPORTED int cuStreamQuery(Stream* stream) {
  CALL("cuStreamQuery");
  if (Status status = require(streams, stream, "stream")) return status;
  if (stream->capture) return spoil(stream->capture, CAPTURE_UNSUPPORTED, "cuStreamQuery");
  if (Status status = requireNoCapture("cuStreamQuery")) return status;
  if (!stream->last || stream->last->isDone) return SUCCESS;
  if (!finish(stream->last)) goOnElsewhere();
  Status status = outcome();
  return status != SUCCESS ? status : NOT_READY;
}

EXPORTED int cuEventCreate(Event** made, unsigned flags) {
  CALL("cuEventCreate");
  if (flags > 3) return refuse(INVALID_VALUE, "flags=%u of an event", flags);
  *made = *events.insert(new Event{current, nullptr, nullptr, {}}).first;
  count("events", 1);
  return SUCCESS;
}

EXPORTED int cuEventDestroy_v2(Event* event) {
  CALL("cuEventDestroy");
  if (Status status = require(events, event, "event")) return status;
  events.erase(event);
  delete event;
  count("events", -1);
  return SUCCESS;
}

EXPORTED int cuEventRecord(Event* event, Stream* stream) {
  CALL("cuEventRecord");
  if (Status status = require(events, event, "event")) return status;
  if (Status status = require(streams, stream, "stream")) return status;
  if (stream->capture && stream->capture->isInvalid) return refuse(CAPTURE_INVALIDATED, "an event in a failed capture");
  event->capture = stream->capture;
  event->steps = stream->steps;
  event->work = stream->capture ? nullptr : stream->last;
  return SUCCESS;
}

EXPORTED int cuEventSynchronize(Event* event) {
  CALL("cuEventSynchronize");
  if (Status status = require(events, event, "event")) return status;
  if (event->capture) {
    return event->capture->isOver ? refuse(CAPTURED_EVENT, "waiting for an event of a graph")
                                  : spoil(event->capture, CAPTURED_EVENT, "cuEventSynchronize");
  }
  if (Status status = requireNoCapture("cuEventSynchronize")) return status;
  if (event->work) await(event->work);
  event->work = nullptr;
  return outcome();
}

EXPORTED int cuStreamWaitEvent(Stream* stream, Event* event, unsigned flags) {
  CALL("cuStreamWaitEvent");
  if (flags != 0) return refuse(INVALID_VALUE, "flags=%u of a wait", flags);
  if (Status status = require(streams, stream, "stream")) return status;
  if (Status status = require(events, event, "event")) return status;
  if (event->capture && event->capture->isOver) return refuse(CAPTURED_EVENT, "a stream waits for an event of a graph");
  if (stream->capture && !event->capture) return spoil(stream->capture, CAPTURE_ISOLATION, "waiting for what is not");
  if (event->capture) {
    if (stream->capture && stream->capture != event->capture) {
      spoil(stream->capture, CAPTURE_MERGE, "waiting for another capture");
      return spoil(event->capture, CAPTURE_MERGE, "waiting from another capture");
    }
    // the stream is captured too from now on
    stream->capture = event->capture;
    stream->capture->streams.insert(stream);
    stream->steps.insert(event->steps.begin(), event->steps.end());
    return SUCCESS;
  }
  if (event->work && !event->work->isDone) {
    stream->last = start(stream->context, nullptr, {stream->last, event->work});
  }
  return SUCCESS;
}

EXPORTED int cuStreamBeginCapture_v2(Stream* stream, int mode) {
  CALL("cuStreamBeginCapture");
  if (Status status = require(streams, stream, "stream")) return status;
  if (mode < 0 || mode > (int)RELAXED) return refuse(INVALID_VALUE, "mode=%d of a capture", mode);
  if (stream->capture) return refuse(ILLEGAL_STATE, "the stream is captured already");
  auto capture = std::make_shared<Capture>();
  capture->origin = stream;
  capture->thread = std::this_thread::get_id();
  capture->mode = mode;
  capture->streams.insert(stream);
  captures.push_back(capture);
  stream->capture = capture;
  stream->steps.clear();
  return SUCCESS;
}

namespace {

// Whether every stream that was captured along has been waited for.
bool isJoined(const Capture& capture) {
  std::set<size_t> seen = capture.origin->steps;
  std::vector<size_t> left(seen.begin(), seen.end());
  while (!left.empty()) {
    size_t step = left.back();
    left.pop_back();
    for (size_t before : capture.graph->steps[step].after) {
      if (seen.insert(before).second) left.push_back(before);
    }
  }
  return seen.size() == capture.graph->steps.size();
}

void endCapture(const CapturePointer& capture) {
  capture->isOver = true;
  for (size_t i = 0; i < captures.size(); i++) {
    if (captures[i] == capture) {
      captures.erase(captures.begin() + i);
      break;
    }
  }
  for (Stream* stream : capture->streams) {
    stream->capture = nullptr;
    stream->steps.clear();
  }
}

std::map<Graph*, Context*> graphs;

}  // namespace

EXPORTED int cuStreamEndCapture(Stream* stream, Graph** made) {
  CALL("cuStreamEndCapture");
  if (Status status = require(streams, stream, "stream")) return status;
  *made = nullptr;
  CapturePointer capture = stream->capture;
  if (!capture) return refuse(ILLEGAL_STATE, "the stream is not captured");
  if (capture->origin != stream) return spoil(capture, CAPTURE_UNMATCHED, "ending another one");
  if (capture->mode != RELAXED && capture->thread != std::this_thread::get_id()) {
    return spoil(capture, CAPTURE_WRONG_THREAD, "ending it from another thread");
  }
  bool joined = isJoined(*capture);
  endCapture(capture);
  if (capture->isInvalid) return refuse(CAPTURE_INVALIDATED, "the capture has failed: %s", std::string(why).c_str());
  if (!joined) return refuse(CAPTURE_UNJOINED, "a stream that was captured along was not waited for");
  *made = capture->graph.release();
  graphs[*made] = current;
  count("graphs", 1);
  return SUCCESS;
}
