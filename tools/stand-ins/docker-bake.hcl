# The stand-ins of one Debian suite, each as one OCI layout in layouts/. The labels say in every image built on one what it stands on, and
# which rows of the image contract that base cannot keep.
variable "SUITE" { default = "bookworm" }
variable "RELEASE" { default = "12" }

group "default" {
  targets = ["stand-in"]
}

target "stand-in" {
  matrix = {
    image = [
      { stage = "python-3.13.5", reference = "python:3.13.5-slim-${SUITE}", excuses = "" },
      { stage = "python-3.12.3", reference = "python:3.12.3-slim-${SUITE}", excuses = "size find-library openssldir" },
      { stage = "cc", reference = "gcr.io/distroless/cc-debian${RELEASE}:nonroot", excuses = "" },
      { stage = "uv", reference = "ghcr.io/astral-sh/uv:0.13.9", excuses = "" },
    ]
  }
  name   = replace(image.stage, ".", "-")
  target = image.stage
  args = {
    RELEASE           = RELEASE
    SOURCE_DATE_EPOCH = "1735689600" # no earlier than 1980, which zip files (wheels) cannot express
  }
  labels = {
    "io.github.defra.python-image-action.stand-in"         = image.reference
    "io.github.defra.python-image-action.stand-in.excuses" = image.excuses
  }
  attest = ["type=provenance,disabled=true"]
  output = ["type=oci,tar=false,dest=layouts/${image.stage},rewrite-timestamp=true"]
}
