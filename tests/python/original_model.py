"""A builder for tests: it notes what it is told, and runs records through it one by one."""

from wallaroo.original.builder import ConnectorSource, TcpSink, TcpSource
from wallaroo.original.keys import key_text, raw_key


class ModelStream:
    """A stream that pushes (key, record) to the stage behind it, which it has one of."""

    def __init__(self, builder):
        self._builder = builder
        self._next = None

    def push(self, key, record):
        self._next(key, record)

    def _stage(self, call, step):
        """Adds a stage; `step(key, record, emit)` runs one; `emit(key, record)` is the next."""
        assert self._next is None, "a stream may be used by one stage only"
        self._builder.calls.append(call)
        following = ModelStream(self._builder)
        self._next = lambda key, record: step(key, record, following.push)
        return following

    @staticmethod
    def _emit(emit, key, result, many):
        if many:
            assert isinstance(result, list) and all(each is not None for each in result)
            for each in result:
                emit(key, each)
        elif result is not None:
            emit(key, result)

    def computation(self, name, function, many):
        return self._stage(
            ("computation", name, many),
            lambda key, record, emit: self._emit(emit, key, function(record), many))

    def state(self, name, function, initial, many):
        states = {}

        def step(key, record, emit):
            assert key is not None
            if key not in states:
                states[key] = initial()
            self._emit(emit, key, function(record, states[key]), many)

        return self._stage(("state", name, many), step)

    def key_by(self, name, extractor):
        return self._stage(("key_by", name),
                           lambda key, record, emit: emit(raw_key(extractor(record)), record))

    def collect(self, name, key):
        return self._stage(("collect", name, key),
                           lambda old, record, emit: emit(raw_key(key), record))

    def merge(self, other):
        merged = self._stage(("merge",), lambda key, record, emit: emit(key, record))
        other._next = merged.push
        return merged

    def range_windows(self, name, windows, aggregation):
        self._builder.aggregations[name] = aggregation
        return self._stage(("range_windows", name, windows), lambda key, record, emit: None)

    def count_windows(self, name, count, aggregation):
        open_windows = {}

        def step(key, record, emit):
            filled, accumulator = open_windows.pop(key, None) or (
                0, aggregation.initial_accumulator())
            aggregation.update(record, accumulator)
            if filled + 1 < count:
                open_windows[key] = (filled + 1, accumulator)
            else:
                self._emit(emit, key, aggregation.output(key_text(key), accumulator), False)

        return self._stage(("count_windows", name, count), step)

    def sinks(self, sinks):
        self._builder.calls.append(("sinks", [each.name for each in sinks]))
        self._builder.sinks += [each.sink for each in sinks]
        outputs = [(each.name, each.sink) for each in sinks]

        def write(key, record):
            for name, sink in outputs:
                self._builder.write(name, sink, record)

        self._next = write


class ModelBuilder:
    """Notes the calls, and takes bytes for its sources."""

    def __init__(self):
        self.calls = []
        self.sources = {}
        self.sinks = []
        self.outputs = {}
        self.aggregations = {}
        self._streams = {}

    def source(self, name, source):
        self.calls.append(("source", name))
        self.sources[name] = source
        self._streams[name] = ModelStream(self)
        return self._streams[name]

    def receive(self, name, *payloads):
        """Decodes payloads of a source and runs the records."""
        source = self.sources[name]
        assert isinstance(source, (TcpSource, ConnectorSource))
        for payload in payloads:
            if not payload and isinstance(source, ConnectorSource):
                continue
            record = source.decode(payload)
            if record is not None:
                self._streams[name].push(None, record)

    def write(self, name, sink, record):
        encoded = sink.encode(record)
        if isinstance(encoded, str) and isinstance(sink, TcpSink):
            encoded = encoded.encode()
        if encoded is not None:
            assert isinstance(encoded, bytes)
            self.outputs.setdefault(name, []).append(encoded)
