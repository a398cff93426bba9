"""Where frames come from: pictures, folders, videos, cameras, streams."""
