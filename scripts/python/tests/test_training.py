"""Is the exported model the network, with codes for weights? (Needs torch.)"""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")


def test_export_gives_the_networks_answers(tmp_path):
    from shiftsim_tools import runtime
    from shiftsim_tools.training import resnet20_onnx, train_resnet20_fmnist

    torch.manual_seed(1)
    network = train_resnet20_fmnist.ResNet20().eval()
    for layer in network.quantized_layers():
        layer.start_quantizing()
        layer.mix.fill_(0.0)
    path = tmp_path / "model.onnx"
    resnet20_onnx.build_onnx(network, path, {})
    images = torch.randn(2, 1, 28, 28)
    with torch.no_grad():
        wanted = network(images).numpy()
    found = runtime.session(str(path)).run(None, {"input": images.numpy()})[0]
    assert np.abs(found - wanted).max() <= 1e-3 * np.abs(wanted).max()
