resource "aws_s3_object" "o" {
  key     = "${var.prefix}/${dt}/${each.value.name}"
  content = jsonencode({ region = "${region}", escaped = "$${not}", t = "%{ if x }y%{ endif }" })
}
