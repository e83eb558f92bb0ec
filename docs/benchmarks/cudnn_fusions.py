#!/usr/bin/env python3
"""Which fusions cuDNN plans for a GPU that is not there; needs cuDNN, NVRTC and a stub of the driver.

    cudnn_fusions.py .../cudnn/include core/src/test/resources/org/byol4j/device/cuda/h200.json [batch ...]

The stub must have the driver's functions (docs/gpu.md): with an empty one cuDNN leaves out every engine that
compiles as it runs, and lists nothing for most fusions. Prints a line for each fusion, layer and batch: how many
configurations the lists A, B and fallback have, and of those how many can be planned and say nothing of
nondeterminism; then engine, workspace and kernels of the first.
"""

import collections
import ctypes
import json
import re
import sys

CUDNN = ctypes.CDLL("libcudnn.so.9")
MODES = ("A", "B", "FALLBACK")
LAYERS = (  # size, inputs, outputs, kernel, stride, padding
    (56, 64, 64, 3, 1, 1),
    (56, 256, 64, 1, 1, 0),
    (28, 128, 512, 1, 1, 0),
    (7, 512, 512, 3, 1, 1),
)
PLANNED = 1  # of each list: planning compiles, half a second each


def constants(folder):
    """The enumerators of cuDNN's header that say their value."""
    text = open(f"{folder}/cudnn_graph.h").read()
    return {name: int(value) for name, value in re.findall(r"\b(CUDNN_\w+)(?: CUDNN_DEPRECATED_ENUM)?\s*=\s*(\d+)", text)}


class Refused(Exception):
    pass


class Descriptor:
    """One of cuDNN's; keeps what it refers to."""

    def __init__(self, kind, **attributes):
        self.handle = ctypes.c_void_p()
        self.parts = []
        check(CUDNN.cudnnBackendCreateDescriptor(C[f"CUDNN_BACKEND_{kind}_DESCRIPTOR"], ctypes.byref(self.handle)), kind)
        for name, value in attributes.items():
            self.set(name, value)

    def set(self, name, value):
        values = value if isinstance(value, (list, tuple)) else [value]
        if isinstance(values[0], Descriptor):
            self.parts += values
            kind, array = "BACKEND_DESCRIPTOR", (ctypes.c_void_p * len(values))(*[v.handle for v in values])
        elif isinstance(values[0], bool):
            kind, array = "BOOLEAN", (ctypes.c_bool * len(values))(*values)
        elif isinstance(values[0], float):
            kind, array = "FLOAT", (ctypes.c_float * len(values))(*values)
        elif isinstance(values[0], bytes):
            kind, array = "CHAR", ctypes.create_string_buffer(values[0], len(values[0]))
            values = values[0]
        elif isinstance(values[0], str):
            kind, name_of_value = values[0].split(":")
            array = (ctypes.c_int * 1)(C[name_of_value])
        else:
            kind, array = "INT64", (ctypes.c_int64 * len(values))(*values)
        attribute, type_ = C["CUDNN_ATTR_" + name], C["CUDNN_TYPE_" + kind]
        check(CUDNN.cudnnBackendSetAttribute(self.handle, attribute, type_, ctypes.c_int64(len(values)), array), name)

    def finish(self):
        check(CUDNN.cudnnBackendFinalize(self.handle), "finalize")
        return self

    def get(self, name, kind, most, array):
        count = ctypes.c_int64()
        attribute, type_ = C["CUDNN_ATTR_" + name], C["CUDNN_TYPE_" + kind]
        check(
            CUDNN.cudnnBackendGetAttribute(self.handle, attribute, type_, ctypes.c_int64(most), ctypes.byref(count), array),
            name,
        )
        return count.value

    def number(self, name):
        value = ctypes.c_int64()
        self.get(name, "INT64", 1, ctypes.byref(value))
        return value.value


def check(status, what):
    if status:
        raise Refused(f"{what}: status={status}")


class Graph:
    """Operations on tensors of [n, c, h, w] that lie channels last."""

    def __init__(self, element):
        self.element = element
        self.operations = []
        self.ids = 0

    def tensor(self, extents, element=None, virtual=False):
        n, c, h, w = extents
        self.ids += 1
        tensor = Descriptor(
            "TENSOR",
            TENSOR_DATA_TYPE=f"DATA_TYPE:CUDNN_DATA_{element or self.element}",
            TENSOR_DIMENSIONS=[n, c, h, w],
            TENSOR_STRIDES=[c * h * w, 1, c * w, c],
            TENSOR_UNIQUE_ID=self.ids,
            TENSOR_BYTE_ALIGNMENT=16,
        )
        tensor.extents = extents
        if virtual:
            tensor.set("TENSOR_IS_VIRTUAL", True)
        return tensor.finish()

    def per_channel(self, channels, element=None):
        return self.tensor((1, channels, 1, 1), element)

    def convolution(self, direction, image, weights, result, layer):
        _, _, _, _, stride, pad = layer
        window = Descriptor(
            "CONVOLUTION",
            CONVOLUTION_COMP_TYPE="DATA_TYPE:CUDNN_DATA_FLOAT",
            CONVOLUTION_CONV_MODE="CONVOLUTION_MODE:CUDNN_CROSS_CORRELATION",
            CONVOLUTION_SPATIAL_DIMS=2,
            CONVOLUTION_PRE_PADDINGS=[pad, pad],
            CONVOLUTION_POST_PADDINGS=[pad, pad],
            CONVOLUTION_DILATIONS=[1, 1],
            CONVOLUTION_FILTER_STRIDES=[stride, stride],
        ).finish()
        kind, names = {
            "FORWARD": ("OPERATION_CONVOLUTION_FORWARD", ("X", "W", "Y")),
            "DATA": ("OPERATION_CONVOLUTION_BACKWARD_DATA", ("DX", "W", "DY")),
            "WEIGHTS": ("OPERATION_CONVOLUTION_BACKWARD_FILTER", ("X", "DW", "DY")),
        }[direction]
        prefix = kind.replace("BACKWARD", "BWD") + "_"
        given = dict(zip([prefix + name for name in names], (image, weights, result)))
        self.add(kind, **given, **{prefix + "CONV_DESC": window, prefix + "ALPHA": 1.0, prefix + "BETA": 0.0})

    def pointwise(self, mode, **operands):
        given = {f"OPERATION_POINTWISE_{name}DESC": tensor for name, tensor in operands.items()}
        pointwise = Descriptor(
            "POINTWISE",
            POINTWISE_MODE=f"POINTWISE_MODE:CUDNN_POINTWISE_{mode}",
            POINTWISE_MATH_PREC="DATA_TYPE:CUDNN_DATA_FLOAT",
        ).finish()
        self.add("OPERATION_POINTWISE", OPERATION_POINTWISE_PW_DESCRIPTOR=pointwise, **given)

    def sum(self, x, y, deterministic):
        reduction = Descriptor(
            "REDUCTION",
            REDUCTION_OPERATOR="REDUCTION_OPERATOR_TYPE:CUDNN_REDUCE_TENSOR_ADD",
            REDUCTION_COMP_TYPE="DATA_TYPE:CUDNN_DATA_FLOAT",
        )
        if deterministic:
            reduction.set("REDUCTION_IS_DETERMINISTIC", True)
        self.add(
            "OPERATION_REDUCTION",
            OPERATION_REDUCTION_DESC=reduction.finish(),
            OPERATION_REDUCTION_XDESC=x,
            OPERATION_REDUCTION_YDESC=y,
        )

    def add(self, kind, **attributes):
        self.operations.append(Descriptor(kind, **attributes).finish())

    def finish(self):
        return Descriptor("OPERATIONGRAPH", OPERATIONGRAPH_OPS=self.operations).finish()


def extents(layer, batch):
    size, inputs, outputs, kernel, stride, pad = layer
    out = (size + 2 * pad - kernel) // stride + 1
    return (batch, inputs, size, size), (outputs, inputs, kernel, kernel), (batch, outputs, out, out)


def forward(element, layer, batch):
    """The convolution and what its result is then for: graph, y."""
    graph = Graph(element)
    x, w, y = (graph.tensor(e) for e in extents(layer, batch))
    graph.convolution("FORWARD", x, w, y, layer)
    return graph, y


def alone(element, layer, batch):
    return forward(element, layer, batch)[0]


def statistics(element, layer, batch):
    graph, y = forward(element, layer, batch)
    graph.add(
        "OPERATION_GEN_STATS",
        OPERATION_GENSTATS_MODE="GENSTATS_MODE:CUDNN_GENSTATS_SUM_SQSUM",
        OPERATION_GENSTATS_MATH_PREC="DATA_TYPE:CUDNN_DATA_FLOAT",
        OPERATION_GENSTATS_XDESC=y,
        OPERATION_GENSTATS_SUMDESC=graph.per_channel(layer[2], "FLOAT"),
        OPERATION_GENSTATS_SQSUMDESC=graph.per_channel(layer[2], "FLOAT"),
    )
    return graph


def one_sum(element, layer, batch, deterministic=False):
    graph, y = forward(element, layer, batch)
    graph.sum(y, graph.per_channel(layer[2], "FLOAT"), deterministic)
    return graph


def one_deterministic_sum(element, layer, batch):
    return one_sum(element, layer, batch, deterministic=True)


def shifted_sums(element, layer, batch):
    """Sums of y - k and of its square, for a k of each channel."""
    graph, y = forward(element, layer, batch)
    channels = layer[2]
    difference = graph.tensor(y.extents, "FLOAT", virtual=True)
    square = graph.tensor(y.extents, "FLOAT", virtual=True)
    graph.pointwise("SUB", X=y, B=graph.per_channel(channels, "FLOAT"), Y=difference)
    graph.sum(difference, graph.per_channel(channels, "FLOAT"), True)
    graph.pointwise("MUL", X=difference, B=difference, Y=square)
    graph.sum(square, graph.per_channel(channels, "FLOAT"), True)
    return graph


def normalized_first(element, layer, batch, direction="FORWARD", between=None):
    graph = Graph(element)
    image, filters, result = extents(layer, batch)
    parts = [graph.tensor(image)] + [graph.tensor(image, between or element, virtual=True) for _ in range(3)]
    graph.pointwise("MUL", X=parts[0], B=graph.per_channel(layer[1]), Y=parts[1])
    graph.pointwise("ADD", X=parts[1], B=graph.per_channel(layer[1]), Y=parts[2])
    graph.pointwise("RELU_FWD", X=parts[2], Y=parts[3])
    graph.convolution(direction, parts[3], graph.tensor(filters), graph.tensor(result), layer)
    return graph


def normalized_first_float(element, layer, batch):
    return normalized_first(element, layer, batch, between="FLOAT")


def normalized_first_weights(element, layer, batch):
    return normalized_first(element, layer, batch, "WEIGHTS")


def masked(element, layer, batch, addend=False):
    """The gradient of x, and another addend, where a ReLU let x through."""
    graph = Graph(element)
    image, filters, result = extents(layer, batch)
    gradient = graph.tensor(image, "FLOAT", virtual=True)
    graph.convolution("DATA", gradient, graph.tensor(filters), graph.tensor(result), layer)
    if addend:
        both = graph.tensor(image, "FLOAT", virtual=True)
        graph.pointwise("ADD", X=gradient, B=graph.tensor(image), Y=both)
        gradient = both
    graph.pointwise("RELU_BWD", DY=gradient, X=graph.tensor(image), DX=graph.tensor(image))
    return graph


def masked_sum(element, layer, batch):
    return masked(element, layer, batch, addend=True)


FUSIONS = {
    "convolution alone": alone,
    "convolution + sums (genstats)": statistics,
    "convolution + one sum": one_sum,
    "convolution + one deterministic sum": one_deterministic_sum,
    "convolution + shifted deterministic sums": shifted_sums,
    "scale, bias, ReLU + convolution": normalized_first,
    "the same, float between": normalized_first_float,
    "scale, bias, ReLU + weight gradient": normalized_first_weights,
    "data gradient + mask": masked,
    "data gradient + addend + mask": masked_sum,
}


def configurations(graph, gpu, mode):
    heuristics = Descriptor(
        "ENGINEHEUR",
        ENGINEHEUR_OPERATION_GRAPH=graph,
        ENGINEHEUR_MODE=f"HEUR_MODE:CUDNN_HEUR_MODE_{mode}",
        ENGINEHEUR_DEVICEPROP=gpu,
    )
    try:
        heuristics.finish()
        count = heuristics.get("ENGINEHEUR_RESULTS", "BACKEND_DESCRIPTOR", 0, None)
    except Refused:
        return []
    made = [Descriptor("ENGINECFG") for _ in range(count)]
    if count:
        array = (ctypes.c_void_p * count)(*[m.handle for m in made])
        count = heuristics.get("ENGINEHEUR_RESULTS", "BACKEND_DESCRIPTOR", count, array)
    return made[:count]


Planned = collections.namedtuple("Planned", "engine notes workspace kernels")


def planned(configuration, gpu):
    engine = Descriptor("ENGINE")
    configuration.get("ENGINECFG_ENGINE", "BACKEND_DESCRIPTOR", 1, (ctypes.c_void_p * 1)(engine.handle))
    notes = (ctypes.c_int * 64)()
    count = engine.get("ENGINE_NUMERICAL_NOTE", "NUMERICAL_NOTE", 64, notes)
    plan = Descriptor("EXECUTION_PLAN", EXECUTION_PLAN_ENGINE_CONFIG=configuration, EXECUTION_PLAN_DEVICEPROP=gpu).finish()
    size = plan.get("EXECUTION_PLAN_JSON_REPRESENTATION", "CHAR", 0, None)
    text = ctypes.create_string_buffer(size)
    plan.get("EXECUTION_PLAN_JSON_REPRESENTATION", "CHAR", size, text)
    payload = json.loads(text.value).get("engine", {}).get("payload") or {}
    kernels = [kernel.get("kernelName") for kernel in payload.get("kernels", [])]
    return Planned(
        engine.number("ENGINE_GLOBAL_INDEX"), notes[:count], plan.number("EXECUTION_PLAN_WORKSPACE_SIZE"), kernels
    )


def main():
    batches = [int(batch) for batch in sys.argv[3:]] or [64, 256]
    properties = open(sys.argv[2], "rb").read().strip()
    gpu = Descriptor("DEVICEPROP", DEVICEPROP_JSON_REPRESENTATION=properties).finish()
    print(f"cuDNN {CUDNN.cudnnGetVersion()} for {json.loads(properties)['deviceName']}")
    for fusion, build in FUSIONS.items():
        for element in ("BFLOAT16", "FLOAT"):
            for layer in LAYERS:
                for batch in batches:
                    print(f"{fusion}, {element}, n{batch} {layer}: {outcome(build, element, layer, batch, gpu)}", flush=True)


def outcome(build, element, layer, batch, gpu):
    try:
        graph = build(element, layer, batch).finish()
    except Refused as refused:
        return f"no graph ({refused})"
    found, first = [], None
    for mode in MODES:
        listed = configurations(graph, gpu, mode)
        plans = []
        for configuration in listed[:PLANNED]:
            try:
                plans.append(planned(configuration, gpu))
            except Refused:
                pass
        kept = [p for p in plans if C["CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC"] not in p.notes]
        first = first or next(iter(kept), None)
        found.append(f"{mode} {len(listed)} ({len(kept)} of {min(PLANNED, len(listed))})")
    return ", ".join(found) + (f"; {first}" if first else "")


C = constants(sys.argv[1])

if __name__ == "__main__":
    main()
