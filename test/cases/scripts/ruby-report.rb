h = { a: 1, "b" => 2 }
puts "#{h[:a]} #{'${region}'} #$0 ${dt}" unless h.empty?
h.each { |k, v| puts "#{k}=#{v}" }
