"""Every name of the original module, with its signature."""

import copy
import inspect
import io
import subprocess
import sys

import pytest
import wallaroo
import wallaroo.experimental.connectors
from original_rig import ENVIRONMENT

SIGNATURES = {
    "source": ["name", "source_config"],
    "build_application": ["app_name", "pipeline"],
    "range_windows": ["range"],
    "count_windows": ["count"],
    "computation": ["name"],
    "computation_multi": ["name"],
    "state_computation": ["name", "state"],
    "state_computation_multi": ["name", "state"],
    "key_extractor": ["func"],
    "decoder": ["header_length", "length_fmt"],
    "encoder": ["func"],
    "tcp_parse_input_addrs": ["args"],
    "tcp_parse_output_addrs": ["args"],
    "kafka_parse_source_options": ["args"],
    "kafka_parse_sink_options": ["args"],
    "nanoseconds": ["x"],
    "microseconds": ["x"],
    "milliseconds": ["x"],
    "seconds": ["x"],
    "minutes": ["x"],
    "hours": ["x"],
    "serialize": ["obj"],
    "deserialize": ["data"],
    "dt_to_timestamp": ["dt"],
    "attach_to_module": ["cls", "cls_name", "func", "idx=None"],
    "_wallaroo_wrap": ["name", "func", "base_cls", "**kwargs"],
    "_validate_arity_compatability": ["name", "obj", "arity"],
    "_validate_aggregation": ["aggregation"],
    "TCPSourceConfig": ["name", "host", "port", "decoder", "valid=True", "parallelism=10",
                        "max_size=16384", "max_received_count=50"],
    "GenSourceConfig": ["name", "gen_instance"],
    "TCPSinkConfig": ["host", "port", "encoder"],
    "DefaultKafkaSourceCLIParser": ["decoder", "name='kafka_source'"],
    "DefaultKafkaSinkCLIParser": ["encoder", "name='kafka_sink'"],
    "CustomKafkaSourceCLIParser": ["args", "decoder"],
    "CustomKafkaSinkCLIParser": ["args", "encoder"],
    "RangeWindowsBuilder": ["range"],
    "CountWindowsBuilder": ["count"],
    "RangeWindows": ["range", "slide", "delay", "aggregation", "late_data_policy"],
    "CountWindows": ["count", "aggregation"],
    "Unbuffered": ["stream"],
    "experimental.SourceConnectorConfig": ["name", "encoder", "decoder", "port", "cookie",
                                           "max_credits", "refill_credits", "host='127.0.0.1'"],
    "experimental.SinkConnectorConfig": ["name", "encoder", "decoder", "port", "cookie",
                                         "host='127.0.0.1'"],
    "experimental.stream_message_decoder": ["func"],
    "experimental.stream_message_encoder": ["func"],
    "experimental.octet_message_decoder": ["func"],
    "experimental.octet_message_encoder": ["func"],
    "experimental.parse_connector_args": ["args", "required_params=()", "optional_params=()"],
    "experimental.BaseConnector": ["args=None", "required_params=()", "optional_params=()"],
    "experimental.SourceConnector": ["args=None", "required_params=('host', 'port')",
                                     "optional_params=()"],
    "experimental.SinkConnector": ["args=None", "required_params=()", "optional_params=()"],
    "experimental.AtLeastOnceSourceConnector": ["version", "cookie", "program_name",
                                                "instance_name", "host", "port", "delay=0"],
    "experimental.connectors.MultiSourceConnector": ["version", "cookie", "program_name",
                                                     "instance_name", "host", "port", "delay=0"],
    "experimental.connectors.FramedFileReader": ["filename"],
    "experimental.connectors.ThrottledFileReader": ["filename", "limit_rate", "is_framed=True",
                                                    "is_text_lines=False"],
}

CLASSES = {
    "Pipeline": "object",
    "BaseWrapped": "object",
    "Computation": "BaseWrapped",
    "ComputationMulti": "Computation",
    "StateComputation": "Computation",
    "StateComputationMulti": "StateComputation",
    "Aggregation": "BaseWrapped",
    "KeyExtractor": "BaseWrapped",
    "Encoder": "BaseWrapped",
    "OctetEncoder": "Encoder",
    "ConnectorEncoder": "Encoder",
    "Decoder": "BaseWrapped",
    "OctetDecoder": "Decoder",
    "ConnectorDecoder": "Decoder",
    "WallarooParameterError": "Exception",
    "experimental.ConnectorError": "Exception",
    "experimental.ProtocolError": "Exception",
    "experimental.UnexpectedSocketError": "Exception",
}


def find(path):
    found = wallaroo
    for name in path.split("."):
        found = getattr(found, name)
    return found


def parameters(function):
    texts = []
    for each in inspect.signature(function).parameters.values():
        prefix = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        default = "" if each.default is each.empty else f"={each.default!r}"
        texts.append(f"{prefix}{each.name}{default}")
    return texts


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_name_has_its_signature(name):
    assert parameters(find(name)) == SIGNATURES[name]


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_its_base(name):
    assert find(name).__mro__[1].__name__ == CLASSES[name]


@pytest.mark.parametrize("name", sorted({**SIGNATURES, **CLASSES}))
def test_a_name_is_documented(name):
    found = find(name)
    assert found.__doc__
    if inspect.isclass(found):
        for attribute, member in vars(found).items():
            if inspect.isfunction(member) and not attribute.startswith("_"):
                assert member.__doc__, attribute


@pytest.mark.parametrize("method, names", [
    ("to", ["computation"]),
    ("key_by", ["key_extractor"]),
    ("collect", []),
    ("merge", ["pipeline"]),
    ("to_sink", ["sink_config"]),
    ("to_sinks", ["sink_configs"]),
    ("clone", []),
])
def test_a_method_of_a_pipeline_has_its_signature(method, names):
    assert parameters(getattr(wallaroo.Pipeline, method)) == ["self", *names]


def test_the_command_line_is_empty_until_the_launcher_sets_it():
    assert wallaroo._ARGS == ()


def test_the_import_needs_no_extension_and_no_asyncore():
    code = ("import sys\n"
            "sys.modules['wallaroo._engine'] = None\n"  # as if there were no extension
            "import wallaroo, wallaroo.experimental.connectors\n"
            "print([name for name in ('asyncore', 'asynchat', 'numpy') if name in sys.modules])")
    process = subprocess.run([sys.executable, "-W", "error", "-c", code], env=ENVIRONMENT,
                             capture_output=True, text=True, check=True)
    assert process.stdout == "[]\n"


def test_prints_are_flushed_at_once_when_stdout_is_a_pipe():
    code = ("import os, wallaroo\n"
            "print('from print', end='')\n"
            "import sys; sys.stderr.write('to stderr'); sys.stdout.writelines([' and', ' lines'])\n"
            "os._exit(0)")  # without the flush of an orderly end
    process = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True,
                             text=True, check=True)
    assert (process.stdout, process.stderr) == ("from print and lines", "to stderr")


def test_the_streams_are_wrapped_once_and_keep_their_attributes():
    code = ("import importlib, sys, wallaroo\n"
            "importlib.reload(wallaroo)\n"
            "print(type(sys.stdout).__name__, type(sys.stdout.stream).__name__,"
            " sys.stdout.fileno(), sys.stdout.encoding)")
    process = subprocess.run([sys.executable, "-c", code],
                             env={**ENVIRONMENT, "PYTHONIOENCODING": "utf-8"},
                             capture_output=True, text=True, check=True)
    assert process.stdout == "Unbuffered TextIOWrapper 1 utf-8\n"


def test_a_wrapped_stream_can_be_copied():
    stream = io.StringIO()
    wrapped = copy.copy(wallaroo.Unbuffered(stream))
    wrapped.write("text")
    assert wrapped.stream is stream and wrapped.getvalue() == "text"
