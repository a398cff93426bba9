"""Networks: PocketNet, and teachers of any kind as ONNX files."""
